"""learnloop: what each learner knows, and what to study next, and why."""

__version__ = "0.1.0"
