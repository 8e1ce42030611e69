"""What do requests and replies look like? One module per resource; they make the OpenAPI document.

Start with `interactions.py` (what comes in) and `profile.py` (what goes out). The field names of
the profile are those of the platform's requirements; all other bodies are snake_case.
"""
