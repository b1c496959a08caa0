{{- trimSuffix "/" .integration.configuration.baseUrl }}/gladly/v1/cancel-reasons/
