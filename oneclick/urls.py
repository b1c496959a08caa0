from django.urls import path

from common.web.public_ids import PUBLIC_ID_PART
from oneclick.pages import views as pages
from oneclick.redemption import views

app_name = "oneclick"
urlpatterns = [
    path("one_click/undo/", views.undo, name="undo"),
    path("one_click/opened/", views.opened, name="opened"),
    path("one_click/<str:action>/", views.link_action, name="link_action"),
    # Answered without a redirect, which would lose the body of a POST.
    path("one_click/undo", views.undo),
    path("one_click/<str:action>", views.link_action),
    path(f"{PUBLIC_ID_PART}/main.js", pages.script, name="script"),
    path(f"l/{PUBLIC_ID_PART}/", pages.landing_page, name="landing"),
    path(f"l/{PUBLIC_ID_PART}/<slug:slug>/", pages.landing_page, name="landing_page"),
]
