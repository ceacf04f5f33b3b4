"""Demo data: invented people, an invented list and cases in every state, made through the services that real ones go through."""
