{{- b64dec .selection -}}
