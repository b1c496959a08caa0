"""What merchants paste into their messages: an e-mail button and a text message, both with the link."""

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from common.web.placeholders import fill_placeholders, find_placeholders
from oneclick.links import link_urls
from oneclick.models import LandingPage, SavedLink
from oneclick.pages.page_policy import page_color, text_color_on
from oneclick.redemption.link_actions.link_action import LinkAction

# A table, because every mail program renders tables.
BUTTON = (
    '<table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr>'
    '<td align="center" bgcolor="{color}" style="border-radius:6px">'
    '<a href="{url}" target="_blank" style="display:inline-block;padding:14px 28px;border-radius:6px;'
    'font:bold 16px/20px Arial,Helvetica,sans-serif;color:{ink};text-decoration:none">{label}</a>'
    "</td></tr></table>"
)


def email_button_html(link: SavedLink, link_action: LinkAction, token: str) -> SafeString:
    """HTML in the colour of the landing page. A merge tag is not escaped: ESPs replace it before the HTML is parsed."""
    color = page_color(link.landing_page or LandingPage(), "accent_color")
    url = mark_safe(token.join(conditional_escape(part) for part in link_urls.email_url(link, token).split(token)))
    label = link.button_label or link_action.button
    return format_html(BUTTON, color=color, ink=text_color_on(color), url=url, label=label)


def sms_message(link: SavedLink, link_action: LinkAction, token: str) -> str:
    text = link.sms_text or link_action.sms_text
    if "link" not in find_placeholders(text):
        text = f"{text.rstrip()} {{link}}"
    return fill_placeholders(text, {"link": link_urls.sms_url(link, token)})
