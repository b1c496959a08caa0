{"cancel_reason_code":{{ toJson .inputs.cancelReasonCode }},"cancel_reason_details":{{ toJson .inputs.cancelReasonDetails }}}
