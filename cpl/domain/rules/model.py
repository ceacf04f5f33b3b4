"""Device type, SMETS/CHTS version and GBCS version together (rules F2, F4, F5, F6; SEC Schedule 11, guidance 7.2.3)."""

from collections.abc import Iterator

from cpl.domain.applicability import SMETS1_GBCS, is_smets1
from cpl.domain.dictionary import DeviceType, RuleSet
from cpl.domain.entry import DEVICE_TYPE, GBCS, SMETS_CHTS, TRIO
from cpl.domain.rules.problem import Problem, Subject, error

GUIDANCE = "7.2.3"


def check(subject: Subject) -> Iterator[Problem]:
    """The three contradict each other: said once, naming all, on the device type. A value outside its list is said elsewhere."""
    rules = subject.rules
    trio = subject.value(DEVICE_TYPE), subject.value(SMETS_CHTS), subject.value(GBCS)
    if not all(value in rules.choices(rules.by_key[key]) for key, value in zip(TRIO, trio, strict=True)):
        return
    device = subject.profile.device
    if device is None:
        text = "The device type is in the selection list, but the data dictionary does not say which certificates it needs."
        yield error("F2", DEVICE_TYPE, f"{text} Ask SECAS to complete it.")
    elif trio not in rules.combinations:
        rule, reason = _reason(device, trio, rules)
        text = f"{trio[0]} with {trio[1]} and {trio[2]} is not a permitted combination: {reason} {_permitted(device, rules)}"
        yield error(rule, DEVICE_TYPE, text, guidance=GUIDANCE)


def _reason(device: DeviceType, trio: tuple[str, str, str], rules: RuleSet) -> tuple[str, str]:
    """The rule that says most exactly what is wrong."""
    smets1 = is_smets1({SMETS_CHTS: trio[1]})
    if smets1 and not any(name == device.name and is_smets1({SMETS_CHTS: version}) for name, version, _ in rules.combinations):
        return "F4", "there is no SMETS1 device of this type."
    if smets1 != (trio[2] == SMETS1_GBCS):
        return "F5", f"{SMETS1_GBCS} goes with SMETS1 devices, and with them only."
    family = next((choice.family for choice in rules.lists["smets_chts"] if choice.value == trio[1]), "")
    if not smets1 and family and (family == "CHTS") != (device.family == "CHTS"):
        return "F4", "a Communications Hub states a CHTS version, any other device a SMETS version."
    return "F6", "SEC Schedule 11 does not have it."


def _permitted(device: DeviceType, rules: RuleSet) -> str:
    pairs = sorted((smets, gbcs) for name, smets, gbcs in rules.combinations if name == device.name)
    if not pairs:
        return "No combination is permitted for this device type today."
    return "Permitted for this device type: " + "; ".join(f"{smets} with {gbcs}" for smets, gbcs in pairs) + "."
