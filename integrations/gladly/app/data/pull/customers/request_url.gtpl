{{- $emails := list -}}
{{- with .customer }}{{ with .emailAddresses }}{{ $emails = . }}{{ end }}{{ end -}}
{{- if not $emails }}{{ stop "no email address" }}{{ end -}}
{{- $base := trimSuffix "/" .integration.configuration.baseUrl -}}
{{- range $emails -}}
{{ $base }}/gladly/v1/customers/?email={{ urlquery . }}
{{ end -}}
