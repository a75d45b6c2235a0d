// The labels of a host name put together: a secret that is too long for one label, or cut to look like a name, stands in
// several. Names go to the resolver before anything else is sent, so this is read before the request goes on.
import { nameEnd } from './authority';
import { Exchange } from './exchange';
import { appendByte, appendText, beginText } from './text';

/** What all labels below the registered name have to come to: no rule's secret is shorter, and most names are. */
const LEAST_BYTES: u32 = 16;
/** Text that is no part of the secret may stand in so many labels before it. */
const MOST_STARTS = 8;

/** Writes a word for each label that a secret may begin in: all labels from there on. False where the host has none such. */
export function writeJoinedHost(exchange: Exchange): bool {
  const host = exchange.host();
  const end = registeredStart(host, nameEnd(host, host + exchange.hostLength));
  let dots: u32 = 0;
  for (let p = host; p < end; p++) if (load<u8>(p) == 0x2e) dots++;
  // The last dot stands before the registered name.
  if (dots < 2 || end - host < <usize>(LEAST_BYTES + dots)) return false;
  beginText(exchange.hostLength * MOST_STARTS);
  let from = host;
  for (let i = 0; i < MOST_STARTS && end - from >= <usize>LEAST_BYTES; i++) {
    for (let label = from; label < end; ) {
      const stop = labelEnd(label, end);
      appendText(label, <u32>(stop - label));
      label = stop + 1;
    }
    // At an end of line encoded text goes on.
    appendByte(0x20);
    from = labelEnd(from, end) + 1;
  }
  return true;
}

/** Where the name begins that somebody has registered: two labels, or three where the last two are a country's (co.uk). */
function registeredStart(host: usize, end: usize): usize {
  const last = labelStart(host, end);
  if (last == host) return host;
  const second = labelStart(host, last - 1);
  const isCountrys = end - last == 2 && last - 1 - second <= 3 && second > host;
  return isCountrys ? labelStart(host, second - 1) : second;
}

function labelStart(host: usize, end: usize): usize {
  while (end > host && load<u8>(end - 1) != 0x2e) end--;
  return end;
}

function labelEnd(label: usize, end: usize): usize {
  while (label < end && load<u8>(label) != 0x2e) label++;
  return label;
}
