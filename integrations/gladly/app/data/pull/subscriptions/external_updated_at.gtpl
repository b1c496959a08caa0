{{- .updated_at -}}
