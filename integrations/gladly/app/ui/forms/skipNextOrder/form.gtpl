{{- $orders := list -}}
{{- with .data }}{{ range .subscriptions }}{{ if .next_order_id -}}
  {{- $text := printf "%s (%s)" .product_name (trunc 10 .next_billing_at) -}}
  {{- $value := dict "subscriptionId" .id "orderId" .next_order_id | toJson | b64enc -}}
  {{- $orders = append $orders (dict "text" $text "value" $value) -}}
{{- end }}{{ end }}{{ end -}}
{
  "title": "Skip Next Order",
  {{- if $orders }}
  "submitButton": "Skip Next Order",
  {{- end }}
  "closeButton": "Close",
  "sections": [
    {{- if $orders }}
    {
      "type": "input",
      "label": "Subscription and date of its next order",
      "attr": "selection",
      "input": {"type": "select", "options": {{ toJson $orders }}}
    },
    {"type": "text", "text": "Only this subscription moves, by one of its frequencies. The rest of the order stays."}
    {{- else }}
    {"type": "text", "text": "This customer has no order that a subscription can be skipped on."}
    {{- end }}
  ]
}
