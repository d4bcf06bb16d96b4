"""What the mechanisms that are on do with the numbers of a scenario, in sentences, and what they cannot do there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sim.report.sentences import intake, steering, units

if TYPE_CHECKING:
    from sim.model.city import City


class Mechanism(NamedTuple):
    """Its names, what it is in a sentence, and the sentences about a city in which it is on. ``part_of``: the key of
    the mechanism of which it is a part.
    """

    english: str
    chinese: str
    what: str
    sentences: Callable[[City], Iterator[str]]
    part_of: str = ""


def sentences(city: City) -> dict[str, list[str]]:
    """Of each mechanism that is on, by its key under ``policies``."""
    policies = city.scenario.policies
    return {key: list(what.sentences(city)) for key, what in MECHANISMS.items() if getattr(policies, key) is not None}


def in_words(city: City) -> dict[str, str]:
    """A paragraph for each mechanism that is on, by its key under ``policies``."""
    return {key: paragraph(key, told) for key, told in sentences(city).items()}


def paragraph(key: str, told: list[str]) -> str:
    """Sentences about a mechanism after its name."""
    return f"{MECHANISMS[key].english} ({MECHANISMS[key].chinese}): {' '.join(told)}"


#: By the key under ``policies``, in the order of a request's life.
MECHANISMS: Mapping[str, Mechanism] = {
    "act_before": Mechanism(
        "Act before the complaint",
        "主动治理、未诉先办",
        "Inspectors patrol the districts and find problems that nobody has reported yet.",
        steering.act_before,
    ),
    "one_hotline": Mechanism(
        "One hotline",
        "整合热线",
        "The calls of many lines come to one number, and their people sit together.",
        intake.one_hotline,
    ),
    "enterprise_line": Mechanism(
        "Enterprise line",
        "企业专线",
        "Firms call a line with people of its own; what it cannot take goes on to the general line.",
        intake.enterprise_line,
    ),
    "online": Mechanism(
        "Online and assistants",
        "向互联网延伸、人工智能",
        "Calls move online, a chatbot answers some, and machines help agents and the dispatch desk.",
        intake.online,
    ),
    "council": Mechanism(
        "Neighbourhood council",
        "邻里议事厅",
        "Local officers sit at a table and settle some matters before anybody calls the hotline.",
        intake.council,
    ),
    "classified_handling": Mechanism(
        "Classified handling",
        "分类处置",
        "Urgency orders the queues of units, and what is out of scope is turned away at once.",
        units.classified_handling,
    ),
    "instant_answer": Mechanism(
        "Instant answer",
        "即时答复",
        "Agents with a knowledge base answer some consultations while the citizen is on the line.",
        intake.instant_answer,
    ),
    "precise_dispatch": Mechanism(
        "Precise dispatch",
        "精准派单",
        "The desk finds the right unit more often, by a list that is kept, and recognises duplicates.",
        units.precise_dispatch,
    ),
    "first_recipient": Mechanism(
        "First recipient",
        "首接负责",
        "The first unit that gets a request stays responsible, also if it is the wrong one.",
        units.first_recipient,
    ),
    "time_limits": Mechanism(
        "Time limits",
        "限时办理",
        "Citizens are to be contacted and requests resolved by a due date, by urgency class.",
        units.time_limits,
    ),
    "whistle": Mechanism(
        "Whistle and report",
        "吹哨报到",
        "The owner of a joint matter calls the other units, which then work at one time.",
        units.whistle,
    ),
    "callback": Mechanism(
        "Callback and scoring",
        "回访考评",
        "The hotline asks citizens how it went; their answers reopen requests and are scored.",
        steering.callback,
    ),
    "ranking": Mechanism(
        "Ranking and supervision",
        "月度点评、考核监督",
        "Units are scored and ranked each month; who is behind feels pressure, and works more, or only looks better.",
        steering.ranking,
    ),
    "supervision": Mechanism(
        "Escalation",
        "督办",
        "Requests that are late, come back or are reported by several go before others, and supervisors urge them.",
        steering.supervision,
        "ranking",
    ),
    "surge": Mechanism(
        "Surge staffing",
        "应急处置",
        "Where a queue grows too long, people are called in, or lent by another pool, for a while.",
        steering.surge,
    ),
    "trust": Mechanism(
        "Trust",
        "认可度、依赖性",
        "Satisfied citizens turn to the city more readily, dissatisfied ones less: demand follows success.",
        steering.trust,
    ),
    "monthly_theme": Mechanism(
        "Monthly theme",
        "每月一题",
        "Each month a class of problems is chosen and people work on its causes, so that fewer are born.",
        steering.monthly_theme,
    ),
}
