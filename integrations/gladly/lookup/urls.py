"""The addresses that Gladly calls. A slash at the end makes no difference, and none is redirected."""

from django.urls import re_path

from integrations.gladly.lookup import views

# Ids of any form, since an unknown one is answered in Gladly's format. Where Gladly puts a form's address behind the
# app's own, and that was entered with a slash, there are two.
CONNECTION = r"^(?P<connection>[^/]+)"
ACTIONS = CONNECTION + r"//?actions"
urlpatterns = [
    re_path(CONNECTION + r"/?$", views.Lookup.as_view(), name="gladly_lookup"),
    re_path(ACTIONS + r"/cancel/(?P<subscription>[^/]+)/?$", views.Cancel.as_view()),
    re_path(ACTIONS + r"/skip/(?P<subscription>[^/]+)/(?P<order>[^/]+)/?$", views.Skip.as_view()),
]
