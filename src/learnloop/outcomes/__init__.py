"""What came of a decision? Start with `attribute.py`: answers and feedback become outcomes."""
