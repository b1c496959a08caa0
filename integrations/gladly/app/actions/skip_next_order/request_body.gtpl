{"subscription":{{ toJson .inputs.subscriptionId }}}
