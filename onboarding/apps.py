from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """New merchants: their rows, their owners, the first-run page and `create_merchant`."""

    name = "onboarding"
