"""The ways by which alerts reach people, behind one small port."""
