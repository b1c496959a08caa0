{{- .customer_id -}}
