{{- if not .action.result }}{"errors":[{"attr":"cancelReasonDetails","detail":"Reprise did not answer. Try again: a repeat does nothing twice."}]}
{{- else if .action.result.success }}{{ toJson (dict "message" .action.result.message "detail" .action.result.detail) }}
{{- else }}{"errors":[{"attr":"cancelReasonDetails","detail":{{ toJson (index .action.result.errors 0) }}}]}{{ end -}}
