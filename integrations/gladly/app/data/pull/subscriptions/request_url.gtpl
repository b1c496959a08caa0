{{- if not .externalData.portal_customer }}{{ stop "customer unknown" }}{{ end -}}
{{- $base := trimSuffix "/" .integration.configuration.baseUrl -}}
{{- range .externalData.portal_customer -}}
{{ $base }}/gladly/v1/subscriptions/?customer={{ urlquery .id }}
{{ end -}}
