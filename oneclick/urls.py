from django.urls import path, re_path

from oneclick import views
from oneclick.pages import views as pages

app_name = "oneclick"
urlpatterns = [
    path("one_click/undo/", views.undo, name="undo"),
    path("one_click/opened/", views.opened, name="opened"),
    path("one_click/<str:action>/", views.act, name="act"),
    # Answered, not redirected: that would lose the body of a POST.
    path("one_click/undo", views.undo),
    path("one_click/<str:action>", views.act),
    re_path(r"^(?P<public_id>[0-9a-f]{32})/main\.js$", pages.script, name="script"),
    re_path(r"^l/(?P<public_id>[0-9a-f]{32})/$", pages.landing_page, name="landing"),
    re_path(r"^l/(?P<public_id>[0-9a-f]{32})/(?P<slug>[-\w]+)/$", pages.landing_page, name="landing_page"),
]
