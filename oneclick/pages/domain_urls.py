"""What a merchant's own domain serves."""

from django.urls import include, path

from oneclick.pages import views

urlpatterns = [
    path("", include("oneclick.urls")),
    path("", views.own_landing),
    path("<slug:slug>/", views.own_landing),
]
