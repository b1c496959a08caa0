{{- if eq .response.statusCode 200 }}{{ toJson .rawData }}{{ else }}{{ fail "portal error" }}{{ end -}}
