from oneclick.models.action import Action, Mode
from oneclick.models.click import Click
from oneclick.models.daily_clicks import DailyClicks, GainedItem
from oneclick.models.landing_page import LandingPage
from oneclick.models.link import Esp, SavedLink
from oneclick.models.message_text import MessageText
from oneclick.models.settings import OneClickSettings
from oneclick.models.token import ActionToken

__all__ = [
    "Action",
    "ActionToken",
    "Click",
    "DailyClicks",
    "GainedItem",
    "Esp",
    "LandingPage",
    "MessageText",
    "Mode",
    "OneClickSettings",
    "SavedLink",
]
