"""The named purposes of drawing along the journey. The names are stable for ever: a new one is added, none is changed.

Draws that may recur within a round (attempts, parts) have the index round · ``PER_ROUND`` + occasion.
"""

from sim.model.draws import purpose

PER_ROUND = 256

# keys of what comes of something else
REPORT = purpose("report")
REPEAT = purpose("repeat")

# what is open when the run begins: keys, and what is drawn for them
OPEN_AT_START = purpose("open at the start")
REQUEST_AT_START = purpose("request that is open at the start")
ONE_MORE_AT_START = purpose("one more is open at the start")
AGE_AT_START = purpose("age at the start")
DISTRICT_AT_START = purpose("district of what is open at the start")

# what a contact is
CHANNEL = purpose("channel")
STREET = purpose("street")
URGENCY = purpose("urgency")
RIGHT_UNIT = purpose("right unit")

# when it comes
REPORTED = purpose("reported")
REPORT_GAP = purpose("report gap")
GIVE_UP = purpose("give up")

# intake
TALK = purpose("talk")
PATIENCE = purpose("patience")
REDIALS = purpose("redials")
REDIAL_GAP = purpose("redial gap")

# at the units
CONTACT_WORK = purpose("contact work")
HANDLING_WORK = purpose("work")
LEAD = purpose("lead time")
NEVER = purpose("never closed")
PART_NEEDED = purpose("part")
PART_WORK = purpose("part work")
PART_LEAD = purpose("part lead time")
RESOLVES = purpose("resolves")
