{{- trimSuffix "/" .integration.configuration.baseUrl }}/gladly/v1/subscriptions/{{ urlquery .inputs.subscriptionId }}/cancel/
