{{- trimSuffix "/" .integration.configuration.baseUrl }}/gladly/v1/orders/{{ urlquery .inputs.orderId }}/skip_subscription/
