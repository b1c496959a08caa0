"""What a merchant's own domain serves."""

from django.urls import include, path

from oneclick import pages

urlpatterns = [
    path("", include("oneclick.urls")),
    path("", pages.own_landing),
    path("<slug:slug>/", pages.own_landing),
]
