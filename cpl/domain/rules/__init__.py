"""The field rules, one file a subject; `cpl.domain.validate` puts them together."""
