{{- .integration.secrets.api_key -}}
