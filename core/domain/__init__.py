"""Pure rules of the ground floor: no Django, no clock, no disk, no network."""
