"""What a scenario has no answer to: measures that would only repeat an assumption are not shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from sim.scenario.initial import EVENLY

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.demand_side import Shock
    from sim.scenario.staff_side import Pool

LEVELS = tuple(
    f"level_{level}_share"
    for level in ("very_satisfied", "satisfied", "basically_satisfied", "dissatisfied", "very_dissatisfied")
)
#: Disturbances that are told one by one.
_MOST_SHOCKS = 4
RATES = ("response_rate", "resolution_rate", "satisfaction_rate", "score", "said_contacted_rate")


def models_resolution(scenario: Scenario) -> bool:
    """Whether a closing may leave the problem unsolved: some category has a probability to resolve below 1."""
    return any(p < 1 for category in scenario.categories.values() for p in category.resolve)


def not_modelled(scenario: Scenario) -> tuple[list[str], set[str]]:
    """What is not modelled in sentences, and the measures that are not shown for it."""
    sentences, without = [], set[str]()
    callback, limits = scenario.policies.callback, scenario.policies.time_limits
    if callback is None:
        sentences.append(
            "This scenario has no callback (回访): citizens are not asked, so there is no response, resolution or "
            "satisfaction rate, and no score."
        )
        without |= {*RATES, "false_resolution_share"}
    elif scenario.contact is None:
        sentences.append("This scenario has no stage that contacts the citizen (响应), hence no response rate.")
        without |= {"response_rate", "said_contacted_rate"}
    if callback is not None and callback.satisfied is None:
        sentences.append(
            "Citizens are not asked whether they are satisfied (满意): the callback has no coefficients “satisfied”, "
            "hence there is no satisfaction rate, nor a score in which it has weight."
        )
        without |= {"satisfaction_rate", *({"score"} if callback.score.weights.satisfaction > 0 else ())}
    if callback is None or callback.satisfied is None or callback.satisfied.levels is None:
        without |= {*LEVELS}
    if callback is None or callback.exclusion is None:
        without |= {"excluded_share"}
    if callback is None or callback.reopen is None:
        without |= {"rounds_mean"}
    if callback is None or callback.call_again is None:
        without |= {"repeat_share"}
    if not models_resolution(scenario):
        sentences.append(
            "Whether a closed matter is truly solved is not modelled: no category has a probability to resolve "
            "(真实解决), so every closing counts as a solution."
        )
        without |= {"true_resolution_share", "false_resolution_share"}
    if limits is None or not (limits.resolve or limits.by_category):
        sentences.append("This scenario sets no limits to resolve requests (限时办理), so none can be missed.")
        without |= {"breach_share", "lateness_mean_among_closed"}
    if limits is None or not limits.contact or scenario.contact is None:
        without |= {"contact_breach_share"}
    if scenario.policies.online is None or scenario.policies.online.chatbot is None:
        without |= {"deflected_share"}
    if scenario.dispatch is None:
        without |= {"hops_mean"}
    if scenario.policies.council is None:
        without |= {"settled_share"}
    if scenario.policies.act_before is None:
        without |= {"found_share", "found_requests"}
    supervision = scenario.policies.supervision
    if supervision is None:
        without |= {"escalated_share"}
    if supervision is None or supervision.sent_up is None:
        without |= {"sent_up_share"}
    whistle = scenario.policies.whistle
    if whistle is None:
        without |= {"whistles"}
    if whistle is None or not whistle.report_by:
        without |= {"report_rate"}
    phones = [c for c in scenario.channels.values() if (c.pool or c.lines) and c.is_phone]
    if not phones:
        sentences.append("No channel of this scenario is by phone, with people who answer: there is no phone service.")
        without |= {"answered_within_15s", "phone_wait_mean"}
    if not any(channel.wrong_line for channel in phones):
        without |= {"wrong_line_share"}
    if not any(channel.hangs_up for channel in phones):
        without |= {"abandonment_share", "lost_share"}
    surge = scenario.policies.surge
    if not any(pool.wage is not None for pool in _staffed(scenario).values()) and (surge is None or surge.wage is None):
        without |= {"cost", "cost_per_request"}
    return sentences, without


def in_neither(scenarios: Sequence[Scenario]) -> set[str]:
    """The measures that none of the scenarios models: a comparison does not show them."""
    return set.intersection(*(not_modelled(scenario)[1] for scenario in scenarios))


def thinned(scenario: Scenario) -> str:
    """What a scale does to all numbers, in a sentence; empty at 1:1."""
    if scenario.scale == 1:
        return ""
    return (
        f"Scale 1:{scenario.scale:g}: counts, hours of work and costs are those of one in {scenario.scale:g} citizens "
        "and officers, not of the whole city; small pools wait longer, so waits do not compare across scales."
    )


def disturbances(scenario: Scenario) -> str:
    """By what the demand of the whole city is disturbed, in a sentence; empty where nothing does."""
    told = [
        f"{name} ×{shock.factor:g} from {shock.from_:%Y-%m-%d} until {shock.until:%Y-%m-%d}"
        for name, shock in scenario.demand.shocks.items()
        if shock.categories is None and shock.districts is None and _disturbs(shock)
    ]
    more = f" and {len(told) - _MOST_SHOCKS} more" if len(told) > _MOST_SHOCKS else ""
    return f"Demand is disturbed: {', '.join(told[:_MOST_SHOCKS])}{more}." if told else ""


def _disturbs(shock: Shock) -> bool:
    """Whether it brings more, or less for longer than a holiday."""
    return shock.factor > 1 or (shock.factor < 1 and shock.until - shock.from_ > timedelta(days=4))


def open_at_start(scenario: Scenario) -> str:
    """With what a run begins, in a sentence; empty where it begins with nothing."""
    if not scenario.open_at_start:
        return ""
    units = ", ".join(
        f"{sum(standing.count for standing in of_unit.values()):,} at {unit}"
        for unit, of_unit in (scenario.initial or {}).items()
        if any(standing.count for standing in of_unit.values())
    )
    scaled = f" of the whole city, {scenario.open_at_start:,.4g} at this scale" if scenario.scale != 1 else ""
    count = round(scenario.open_at_start * scenario.scale)
    standing = [one for of_unit in (scenario.initial or {}).values() for one in of_unit.values()]
    evenly = sum(one.count for one in standing if one.ages == EVENLY)
    ages = f" {evenly:,} of them are 0 to 30 days old, evenly." if evenly else ""
    return (
        f"The run begins with {count:,} open request{'s' * (count != 1)}{scaled} ({units}): they arrived before the "
        f"start and are not counted, but units have them to do.{ages}"
    )


def missing_wages(scenario: Scenario) -> str:
    """A warning where some pools have a wage and others none; empty where the cost is whole or not shown."""
    unpaid = [name for name, pool in _staffed(scenario).items() if pool.wage is None]
    if not unpaid or len(unpaid) == len(_staffed(scenario)):
        return ""
    few = ", ".join(unpaid[:5]) + (f" and {len(unpaid) - 5} more" if len(unpaid) > 5 else "")
    return f"The staff cost is too low: it leaves out those without a wage ({few})."


def _staffed(scenario: Scenario) -> dict[str, Pool]:
    return {**scenario.pools, **scenario.units}
