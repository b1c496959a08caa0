{{- $subscriptions := list -}}
{{- with .data }}{{ range .subscriptions }}{{ if .can_cancel -}}
  {{- $subscriptions = append $subscriptions (dict "text" (printf "%s (%s)" .product_name .frequency) "value" .id) -}}
{{- end }}{{ end }}{{ end -}}
{{- $reasons := list -}}
{{- with .actions }}{{ range .cancelReasons -}}
  {{- $reasons = append $reasons (dict "text" .text "value" .code) -}}
{{- end }}{{ end -}}
{
  "title": "Cancel Order",
  {{- if $subscriptions }}
  "submitButton": "Cancel Order",
  {{- end }}
  "closeButton": "Close",
  "sections": [
    {{- if $subscriptions }}
    {
      "type": "input",
      "label": "Subscription",
      "attr": "subscriptionId",
      "input": {"type": "select", "options": {{ toJson $subscriptions }}}
    },
    {{- if $reasons }}
    {
      "type": "input",
      "label": "Cancel reason code",
      "attr": "cancelReasonCode",
      "input": {"type": "select", "optional": true, "options": {{ toJson $reasons }}}
    },
    {{- end }}
    {
      "type": "input",
      "label": "Cancel reason details",
      "attr": "cancelReasonDetails",
      "input": {"type": "text", "optional": true}
    }
    {{- else }}
    {"type": "text", "text": "This customer has no subscription that can be cancelled."}
    {{- end }}
  ]
}
