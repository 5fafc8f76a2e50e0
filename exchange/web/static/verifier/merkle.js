// The Merkle tree of RFC 6962: proofs are checked as in RFC 9162 sections 2.1.3.2 and 2.1.4.2. Sizes are BigInts.
import { equal, joined, sha256 } from "./bytes.js";

export const leafHash = (entry) => sha256(joined(Uint8Array.of(0), entry));

export const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));

const areHashes = (...values) => values.every((value) => value.length === 32);

export async function verifyInclusion(leaf, index, size, proof, root) {
  if (index < 0n || index >= size || !areHashes(leaf, root, ...proof)) return false;
  let position = index, last = size - 1n, found = leaf;
  for (const sibling of proof) {
    if (last === 0n) return false;
    if (position % 2n || position === last) {
      found = await nodeHash(sibling, found);
      while (position % 2n === 0n && position) [position, last] = [position >> 1n, last >> 1n];
    } else {
      found = await nodeHash(found, sibling);
    }
    [position, last] = [position >> 1n, last >> 1n];
  }
  return last === 0n && equal(found, root);
}

export async function verifyConsistency(first, second, root1, root2, proof) {
  if (first > second) return false;
  const empty = await sha256(new Uint8Array());
  if (first === second) return proof.length === 0 && equal(root1, root2) && (first > 0n || equal(root1, empty));
  if (first === 0n || !areHashes(root1, root2, ...proof)) return false;
  const path = first & (first - 1n) ? proof : [root1, ...proof];
  if (path.length === 0) return false;
  let [position, last] = [first - 1n, second - 1n];
  while (position % 2n) [position, last] = [position >> 1n, last >> 1n];
  let before = path[0], now = path[0];
  for (const sibling of path.slice(1)) {
    if (last === 0n) return false;
    if (position % 2n || position === last) {
      [before, now] = [await nodeHash(sibling, before), await nodeHash(sibling, now)];
      while (position % 2n === 0n && position) [position, last] = [position >> 1n, last >> 1n];
    } else {
      now = await nodeHash(now, sibling);
    }
    [position, last] = [position >> 1n, last >> 1n];
  }
  return last === 0n && equal(before, root1) && equal(now, root2);
}
