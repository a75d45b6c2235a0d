import type { DocumentOptions, SchemaOptions, Tags } from 'yaml';

/** YAML 1.1 as Helm's parser has it: yes and on are true, 0777 is octal; but dates and 12:30 are texts. */
export const helmDialect: DocumentOptions & SchemaOptions = {
  version: '1.1',
  customTags: (tags: Tags): Tags =>
    tags.filter(
      (tag) =>
        typeof tag === 'string' || (!('format' in tag && tag.format === 'TIME') && !tag.tag.endsWith(':timestamp')),
    ),
};
