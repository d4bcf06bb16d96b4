"""The measures of calls, pools, problems and causes."""

from __future__ import annotations

from sim.measurement.registry import CALLS, CAUSES, CITY, POOLS, PROBLEMS, Measure

_LATE = "requests that missed their resolve-by limit"

# fmt: off
_PHONE = (
    Measure(
        "calls", "Calls", "呼入量", "calls", CALLS,
        "calls on channels whose callers may hang up; each redial is a call of its own",
    ),
    Measure(
        "answered_within_15s", "Answered within 15 s", "15秒接通率", "share", CALLS,
        "answered after at most 15 seconds", "calls, abandoned ones too", "higher",
    ),
    Measure(
        "answered_within_20s", "Answered within 20 s", "20秒接通率", "share", CALLS,
        "answered after at most 20 seconds", "calls, abandoned ones too", "higher",
    ),
    Measure(
        "phone_wait_mean", "Mean wait on the phone", "电话平均等待时长", "h", CALLS,
        "hours from the call to its answer or abandonment, or to the end of the run",
        "calls, abandoned ones too", "lower",
    ),
    Measure(
        "phone_wait_mean_answered", "Mean wait of answered calls", "电话平均等待时长(已接通)", "h", CALLS,
        "hours from the call to its answer", "answered calls", "lower",
    ),
    Measure(
        "abandonment_share", "Abandoned calls", "电话放弃率", "share", CALLS,
        "the caller hung up before the answer", "calls", "lower", True,
    ),
)
_RESOURCES = (
    Measure(
        "utilisation", "Utilisation", "人员利用率", "share", POOLS,
        "hours busy; work finished after a shift can carry it above 1", "staff hours on duty in the window",
    ),
    Measure(
        "queue_mean", "Mean queue", "平均排队量", "visits", POOLS,
        "number waiting, averaged over time", "hours of the window", "lower",
    ),
    Measure(
        "wait_mean", "Mean wait per visit", "平均排队时长", "h", POOLS,
        "hours waited in the queue during the window",
        "visits that joined the queue during the window", "lower",
    ),
    Measure(
        "cost", "Staff cost", "人力成本", "currency", POOLS,
        "hours on duty × wage, plus hours busy beyond those on duty (hour by hour) × wage × overtime "
        "factor; pools without a wage add nothing; null where no pool has a wage", "", "lower", True,
    ),
    Measure(
        "cost_per_request", "Staff cost per request", "单件成本", "currency", CITY,
        "staff cost in the window", "requests", "lower",
    ),
)
_PROBLEMS = (
    Measure(
        "problems", "Problems", "问题量", "problems", PROBLEMS,
        "problems born in the window", "", "lower",
    ),
    Measure(
        "fixed_share", "Fixed", "问题消除率", "share", PROBLEMS,
        "truly fixed by the end of the run", "problems", "higher",
    ),
    Measure(
        "birth_to_fix_mean", "Mean time from birth to fix", "问题平均存续时长", "h", PROBLEMS,
        "hours from birth to true fix; null while one is not fixed", "problems", "lower",
    ),
    Measure(
        "birth_to_fix_mean_among_fixed", "Mean time from birth to fix, among the fixed",
        "问题平均存续时长(已消除)",
        "h", PROBLEMS,
        "hours from birth to true fix", "problems fixed by the end", "lower",
    ),
    *(
        Measure(
            f"birth_to_fix_p{percent}", f"Time from birth to fix, {percent} %", f"问题存续时长{percent}分位",
            "h", PROBLEMS,
            f"the hours from birth to true fix that {percent} % do not exceed; unfixed problems rank "
            "after all fixed ones, and it is null if it falls among them", "problems", "lower",
        )
        for percent in (50, 90)
    ),
    Measure(
        "unreported_share", "Unreported", "未反映问题占比", "share", PROBLEMS,
        "no report within 90 days of birth",
        "problems born at least 90 days before the end of the run", "lower",
    ),
)
_CAUSES = (
    Measure(
        "hours_by_cause", "Hours by cause", "各环节耗时", "h", CAUSES,
        "hours of age of all contacts that belong to the cause; over the causes they add up to the age",
    ),
    Measure(
        "hours_by_cause_share", "Share of hours by cause", "各环节耗时占比", "share", CAUSES,
        "hours that belong to the cause", "hours of age of the group's contacts",
    ),
    Measure(
        "breaches_by_largest_cause", "Breaches by largest cause", "超期主因", "requests", CAUSES,
        f"{_LATE} and spent more hours on this cause than on any other; ties go to the cause that "
        "`hours_by_cause` lists first. No candidates are rework and callback, which come after the first "
        "closing, and, where limits run from dispatch, intake and dispatch",
    ),
    Measure(
        "breaches_by_largest_cause_share", "Share of breaches by largest cause", "超期主因占比",
        "share", CAUSES,
        "spent more hours on this cause than on any other, as in `breaches_by_largest_cause`",
        f"{_LATE}, of the group",
    ),
)
# fmt: on

SECTIONS = {
    "Phone 电话": _PHONE,
    "Staff and queues 人力与排队": _RESOURCES,
    "Problems 问题": _PROBLEMS,
    "Causes 耗时原因": _CAUSES,
}
