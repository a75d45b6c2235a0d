/**
 * Texts that look like secrets. None stands whole in any file: pieces are joined at run time. They are examples from
 * the issuers' public documentation, or random.
 */
import { crc32 } from 'node:zlib';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A token of GitHub's form: prefix, 30 random characters, CRC-32 of them as six base-62 digits. */
export function githubToken(entropy = ['8Jq2LmZ7tRw4', 'XbN9cVf1Ks', 'Hd6PyGe3'].join('')): string {
  let sum = crc32(Buffer.from(entropy));
  let digits = '';
  for (let place = 0; place < 6; place++) {
    digits = base62[sum % 62]! + digits;
    sum = Math.floor(sum / 62);
  }
  return ['ghp', '_', entropy, digits].join('');
}

/** A random key pair in AWS's form, as an environment file holds it. */
export const awsKeyPair = [
  'aws_access_key_id=AKIA',
  'QYLPMN5HFZK3X7VT',
  '\naws_secret_access_key=',
  'tR7pWq2ZxV9mLc4KsJ8',
  'nB3/dFh6GyT1uEo5+aXiQ',
].join('');

/** A card number that nobody published, as it is printed: the processors' test numbers are a warning only. */
export const cardNumber = ['4539', '7877', '8932', '8790'].join(' ');

/** The IBAN registry's example for Germany, as it is printed. */
export const iban = ['DE89', '3704', '0044', '0532', '0130', '00'].join(' ');
