"""Device type, SMETS/CHTS version and GBCS version together (rules F2, F4, F5, F6; SEC Schedule 11, guidance 7.2.3)."""

from collections.abc import Iterator

from cpl.domain.applicability import SMETS1_GBCS, is_smets1
from cpl.domain.dictionary import DeviceType, RuleSet
from cpl.domain.entry import DEVICE_TYPE, GBCS, SMETS_CHTS, TRIO
from cpl.domain.rules.problem import Problem, Subject, error
from cpl.domain.rules.wording import say

GUIDANCE = "7.2.3"


def check(subject: Subject) -> Iterator[Problem]:
    """The three contradict each other: said once, naming all, on the device type. A value outside its list is said elsewhere."""
    rules = subject.rules
    trio = subject.value(DEVICE_TYPE), subject.value(SMETS_CHTS), subject.value(GBCS)
    if not all(value in rules.choices(rules.by_key[key]) for key, value in zip(TRIO, trio, strict=True)):
        return
    device = subject.profile.device
    if device is None:
        yield error("F2", DEVICE_TYPE, say("device"))
    elif trio not in rules.combinations:
        rule, reason = why_not(device, trio, rules)
        names = {"device": trio[0], "version": trio[1], "gbcs": trio[2]}
        yield error(rule, DEVICE_TYPE, say("trio", **names, reason=reason, permitted=permitted(device, rules)), guidance=GUIDANCE)


def why_not(device: DeviceType, trio: tuple[str, str, str], rules: RuleSet) -> tuple[str, str]:
    """The rule that says most exactly what is wrong with a combination that is not permitted, and what it says."""
    smets1 = is_smets1({SMETS_CHTS: trio[1]})
    if smets1 and not any(name == device.name and is_smets1({SMETS_CHTS: version}) for name, version, _ in rules.combinations):
        return "F4", say("trio.no_smets1")
    if smets1 != (trio[2] == SMETS1_GBCS):
        return "F5", say("trio.gbcs", smets1=SMETS1_GBCS)
    family = next((choice.family for choice in rules.lists["smets_chts"] if choice.value == trio[1]), "")
    if not smets1 and family and (family == "CHTS") != (device.family == "CHTS"):
        return "F4", say("trio.family")
    return "F6", say("trio.schedule")


def permitted(device: DeviceType, rules: RuleSet) -> str:
    """The combinations that this device type may have, as a sentence."""
    pairs = sorted((smets, gbcs) for name, smets, gbcs in rules.combinations if name == device.name)
    if not pairs:
        return say("trio.none")
    return say("trio.permitted", pairs="; ".join(f"{smets} with {gbcs}" for smets, gbcs in pairs))
