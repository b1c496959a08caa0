from oneclick.models.click import Click
from oneclick.models.link import Esp, SavedLink
from oneclick.models.settings import Action, LandingPage, MessageText, Mode, OneClickSettings
from oneclick.models.token import ActionToken

__all__ = [
    "Action",
    "ActionToken",
    "Click",
    "Esp",
    "LandingPage",
    "MessageText",
    "Mode",
    "OneClickSettings",
    "SavedLink",
]
