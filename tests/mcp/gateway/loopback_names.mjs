// Lets every name below localhost mean this machine, as RFC 6761 has it and not every resolver does.
// usage: node --import ./loopback_names.mjs ...
import dns from 'node:dns';

const lookup = dns.lookup;
dns.lookup = (name, options, callback) => lookup(name.endsWith('.localhost') ? '127.0.0.1' : name, options, callback);
