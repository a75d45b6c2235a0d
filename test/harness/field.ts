/** Header or trailer fields as they stood on the wire: in order, with their case, repeated where repeated. */
export type Fields = [name: string, value: string][];

/** Pairs from node's flat list [name, value, name, value …]; HTTP/2 pseudo fields are left out. */
export function pairs(flat: readonly string[]): Fields {
  const fields: Fields = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = flat[index]!;
    if (!name.startsWith(':')) fields.push([name, flat[index + 1]!]);
  }
  return fields;
}

/** The values of a field, whatever its case, in order. */
export function fieldValues(fields: Fields, name: string): string[] {
  const wanted = name.toLowerCase();
  return fields.filter(([one]) => one.toLowerCase() === wanted).map(([, value]) => value);
}

/** The first value of a field, whatever its case; undefined when it is not there. */
export function fieldValue(fields: Fields, name: string): string | undefined {
  return fieldValues(fields, name)[0];
}

/** Fields as an object with lower-case names, repeated ones as a list: what node:http and node:http2 take. */
export function asObject(fields: Fields): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = {};
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    const before = object[key];
    object[key] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return object;
}
