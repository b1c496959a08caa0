{{- /* A card cannot name a field with an underscore, so what it shows is there a second time. */ -}}
{{- range .rawData -}}
  {{- $_ := set . "productName" .product_name -}}
  {{- $_ = set . "currencyCode" .currency_code -}}
  {{- $_ = set . "nextBillingAt" .next_billing_at -}}
  {{- $_ = set . "createdAt" .created_at -}}
  {{- $_ = set . "cancelledAt" .cancelled_at -}}
  {{- $_ = set . "cancelReason" .cancel_reason -}}
{{- end -}}
{{- toJson .rawData -}}
