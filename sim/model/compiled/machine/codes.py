"""Small numbers with names: stages, kinds of events, reasons."""

from sim.model import clockwork

# stages of a request: what it goes on with
CALL, CALL_DONE, CALL_LATER_DONE, REACHED, ROUTE, DESK, DESK_DONE, HAND_OVER, REVIEW_DONE, ROUND, COORDINATE, PARK = (
    range(12)
)
HANDLE, LEAD, LEAD_DONE, PARTS, PART_DONE, PART_OVER, JOIN, CLOSE, ASK, ASKED, MERGE, MERGED_CALL_OVER = range(12, 24)
# … and of a callback: an attempt is over
RANG = 24
# … and of errands
KEEP_LIST, UPDATE_LIST, LIST_UPDATED, REVIEWED = range(25, 29)
EFFORT_WORKED = 33
# … of a request before it calls, and where it calls then
MEET_CHATBOT, CALL_GENERAL = 29, 30
# … and of contacts that may be brought to a table first
SIT_DOWN, SAT = 31, 32
# … of what inspectors found, before it is closed, and of patrols
CLOSE_ROUND, KEEP_PATROLLING, SEND_OUT, PATROLLED = range(34, 38)
# … of a request before its handling
WHISTLE = 38
# … or how it waits: at a pool, away from any, no more; or for its first call
VISITS, WAITS, ENDS, NOT_YET = 40, 41, 42, 43

# the status of a slot in which there is an errand
NO_REQUEST = -1
# how far a request's exclusion is; nothing but the review may happen to the last
UNDISPUTED, UNDER_REVIEW, DECIDED, OVER_BUT_REVIEW = range(4)

# who asks the citizen: nobody, the request after closing, the clock at the due date; or there is no citizen
NOBODY, AT_CLOSING, AT_DUE, NO_CITIZEN = 0, 1, 2, 3
# who has fixed the problem of a request: nobody but itself, another one, a theme while its owner had it; or nobody at
# all, but its owner closes it
NOT_OVERTAKEN, BY_ANOTHER, CLEARED, GAMED = range(4)

# kinds of events, as in ``clockwork``
STAFF, TURNED, WORK_END, LEAD_END, DUE, REDIAL = (
    kind >> clockwork.KIND
    for kind in (
        clockwork.STAFF,
        clockwork.TURNED,
        clockwork.WORK_END,
        clockwork.LEAD_END,
        clockwork.DUE,
        clockwork.REDIAL,
    )
)
# what happens, and to whom: a roster; a task; a problem
STAFF_CHANGES = 0
WORK_IS_DONE, HANGS_UP = 1, 2
RINGS_AGAIN, WAIT_IS_OVER, REDIALS, EXTENDS, IS_DUE, COMES_AGAIN = range(3, 9)
IS_REPORTED, OVERFLOWS, IS_CLEARED, IS_GIVEN_UP, MAY_GAME = range(9, 14)
# … and to a district
IS_FOUND = 14
# … and to a request that is late; an errand that was asked for; a request that is sent up
IS_OVERDUE, IS_ASKED, GOES_UP = 15, 16, 17

# why ``advance`` comes back
DONE, MORE_REQUESTS, MORE_PROBLEMS, MORE_PARTS, MORE_EVENTS, MORE_ROWS, PAUSED, TOO_MUCH = range(8)
