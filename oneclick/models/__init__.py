from oneclick.models.settings import Action, LandingPage, MessageText, Mode, OneClickSettings, SavedLink
from oneclick.models.token import ActionToken, Click

__all__ = [
    "Action",
    "ActionToken",
    "Click",
    "LandingPage",
    "MessageText",
    "Mode",
    "OneClickSettings",
    "SavedLink",
]
