"""The nouns whose pages are declared."""

from services.console.activities.model import ACTIVITIES
from services.console.contributions import CONTRIBUTIONS
from services.console.extensions import EXTENSIONS
from services.console.meetings.model import MEETINGS
from services.console.moves.model import Noun
from services.console.outreach import OUTREACH
from services.console.review_progress.model import REVIEW_PROGRESS

NOUNS: tuple[Noun, ...] = (ACTIVITIES, CONTRIBUTIONS, EXTENSIONS, MEETINGS, OUTREACH, REVIEW_PROGRESS)
