"""What is kept from one run to the next: how far each reading has come, and what CRMs said of themselves lately."""
