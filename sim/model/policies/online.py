"""Online and assistants (向互联网延伸、人工智能): calls move online, a chatbot, machines beside people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.model.compiling import rule
from sim.model.draws import purpose
from sim.model.index import Index, Table
from sim.scenario.demand_side import Channel

if TYPE_CHECKING:
    from sim.model.city import CategoryPlan, ChannelPlan

MOVES = purpose("moves online")
DEFLECTED = purpose("deflected by a chatbot")
BOT_FAILS = purpose("chatbot fails")
BOT_GAP = purpose("calls after a chatbot")

#: Whom a chatbot takes: what an agent would answer at once, all consultations, reports too.
EASY, CONSULTATIONS, ALL = range(3)


@dataclass(frozen=True)
class Chatbot:
    """Where it is met, whom it takes, how many of them it deflects, and how many of these call after all."""

    on_the_phone: bool
    online: bool
    takes: int
    deflects: float
    fails: float
    after: Table


@dataclass(frozen=True)
class Online:
    """``phone`` and ``online``: the channel with the largest share of each kind, −1 where there is none."""

    phone: int
    online: int
    chatbot: Chatbot | None


@dataclass(frozen=True)
class Moves:
    """The probability that a phone contact comes online instead."""

    share: float


def plan(index: Index, channels: list[tuple[str, Channel]]) -> Online | None:
    """From the scenario; ``channels`` in the order of the city, by falling share."""
    policy = index.policies.online
    if policy is None:
        return None
    by_phone = [channel.is_phone for _, channel in channels]
    phone, online = (by_phone.index(kind) if kind in by_phone else -1 for kind in (True, False))
    chatbot = None
    if (bot := policy.chatbot) is not None:
        chatbot = Chatbot(
            on_the_phone=bot.at != "online",
            online=bot.at != "phone",
            takes={"easy": EASY, "consultations": CONSULTATIONS, "all": ALL}[bot.takes],
            deflects=bot.deflects,
            fails=bot.fails,
            after=index.table(bot.after),
        )
    return Online(phone, online, chatbot)


def of_category(index: Index, name: str) -> Moves:
    """From the scenario."""
    policy = index.policies.online
    if policy is None or policy.move is None:
        return Moves(0.0)
    return Moves(policy.move.by_category.get(name, policy.move.share))


def talk_factor(index: Index, channel: Channel) -> float:
    """The factor on the talk of a channel: machines help those who talk on the phone."""
    return phone_factor(index) if channel.is_phone else 1.0


def phone_factor(index: Index) -> float:
    """That on talk on the phone."""
    return 1.0 if index.policies.online is None else index.policies.online.talk_factor


def desk_factor(index: Index) -> float:
    """The factor on the work of the dispatch desk."""
    policy = index.policies.online
    return 1.0 if policy is None or policy.dispatch is None else policy.dispatch.work_factor


def at_least(index: Index) -> float:
    """How often the assisted desk finds the right unit at least."""
    policy = index.policies.online
    return 0.0 if policy is None or policy.dispatch is None else policy.dispatch.at_least


@rule("boolean(int64, boolean, boolean)")
def takes(whom: Any, is_report: Any, is_easy: Any) -> Any:
    """Whether a chatbot takes a contact. ``is_easy``: an agent would answer it at once."""
    return is_easy or whom == ALL or (whom == CONSULTATIONS and not is_report)


def load(
    plan: Online, channels: tuple[ChannelPlan, ...], shares: NDArray[np.float64], category: CategoryPlan
) -> tuple[NDArray[np.float64], float]:
    """Of the contacts of a category that come by channels in such shares: the share that comes to the people of each,
    and the share of the requests among them that never become any, as a chatbot deflects them.
    """
    by_phone = np.array([channel.is_phone for channel in channels])
    moved = shares * by_phone * category.moves.share
    met = shares - moved
    if moved.any():
        met[plan.online] += moved.sum()
    bot = plan.chatbot
    if bot is None:
        return met, 0.0
    easy = 0.0 if category.is_report else (1.0 - category.classified_handling.out_of_scope)
    easy *= category.instant_answer.answered
    taken = 1.0 if takes(bot.takes, category.is_report, False) else easy
    there = np.where(by_phone, bot.on_the_phone, bot.online) * met * bot.deflects
    reach = met - there * taken
    failed = there.sum() * taken * bot.fails
    if failed > 0.0:
        reach[plan.phone] += failed
    return reach, float(there.sum() * (1.0 - bot.fails)) if taken == 1.0 else 0.0
