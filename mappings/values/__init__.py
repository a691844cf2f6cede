"""Values as people and systems write them: e-mails, numbers, times, countries, names, ids, all of it pure."""
