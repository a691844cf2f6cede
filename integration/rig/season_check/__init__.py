"""What has to be true after a season: counted in the CRMs' own records and in the store, not in what the flows say."""
