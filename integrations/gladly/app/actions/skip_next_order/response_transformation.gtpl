{{- if eq .response.statusCode 200 400 404 409 }}{{ toJson .rawData }}{{ else }}{{ fail "portal error" }}{{ end -}}
