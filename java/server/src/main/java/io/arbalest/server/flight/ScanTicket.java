package io.arbalest.server.flight;

import io.arbalest.store.ScanRequest;

/** A scan of the wire: which dataset, and what of it. */
record ScanTicket(String dataset, ScanRequest request) {}
