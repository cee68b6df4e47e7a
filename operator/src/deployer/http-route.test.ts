// When an HTTPRoute takes an Ingress's place, and what is told while the Gateway has not taken it.
import { expect, it } from 'vitest';
import {
  accepted,
  byGateway,
  fileSpec,
  httpRouteSaying,
  ingress,
  deployer as kubernetes,
  noChildren,
  owner,
  recordFor,
  serviceFor,
  withGateway,
} from '../artifact/world.testing.ts';
import type { Wish } from './deployer.ts';
import { type HttpRoute, isAccepted } from './http-route.ts';

const spec = fileSpec();
const version = recordFor(spec, 1);
const wish: Wish = {
  run: [version],
  traffic: version,
  recorded: [version],
  exposure: { public: true },
  served: withGateway,
};
const both = (route: HttpRoute) => ({
  ...noChildren,
  services: [serviceFor(spec)],
  ingresses: [ingress],
  httpRoutes: [route],
});
const surplusOf = (route: HttpRoute, by = byGateway, wanted = wish) =>
  by.surplus(owner, wanted, both(route)).map(s => s.kind.kind);
const asked = (route: HttpRoute) => byGateway.routeProbe(owner, both(route), version, wish.exposure);
const deleted = (route: HttpRoute) => ({
  ...route,
  metadata: { ...route.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});

it.each<[string, HttpRoute, boolean]>([
  ['nobody has looked at it', httpRouteSaying({}), false],
  ['a Gateway takes it', httpRouteSaying(accepted), true],
  ['it says nothing of the Service', httpRouteSaying({ Accepted: 'True' }), true],
  ['it took what was written before', httpRouteSaying(accepted, 1), false],
  ['it refuses it', httpRouteSaying({ Accepted: 'False' }), false],
  ['it does not find the Service', httpRouteSaying({ ...accepted, ResolvedRefs: 'False' }), false],
  ['it is being deleted', deleted(httpRouteSaying(accepted)), false],
])('gives the Ingress up, and asks, only when a Gateway has the route: %s', (_, route, isTaken) => {
  expect(isAccepted(route)).toBe(isTaken);
  expect(surplusOf(route)).toEqual(isTaken ? ['Ingress'] : []);
  expect('awaits' in asked(route)).toBe(!isTaken);
});

it('says what the Gateway has against the route', () => {
  const condition = { type: 'Accepted', status: 'False', reason: 'NotAllowedByListeners', observedGeneration: 2 };
  const refused: HttpRoute = {
    ...httpRouteSaying({}),
    status: { parents: [{ conditions: [{ ...condition, message: 'no listener takes routes of this namespace' }] }] },
  };
  expect(asked(refused)).toEqual({
    awaits: expect.stringMatching(/Gateway.*NotAllowedByListeners: no listener takes routes of this namespace/),
  });
});

it('goes back to an Ingress without a Gateway in the settings, and without the Gateway API', () => {
  const route = httpRouteSaying(accepted);
  expect(surplusOf(route, kubernetes)).toEqual(['HTTPRoute']);
  expect(surplusOf(route, byGateway, { ...wish, served: new Set() })).toEqual(['HTTPRoute']);
  const kindsOf = (wanted: Wish) => byGateway.desired(owner, wanted, noChildren).map(c => c.kind.kind);
  expect(kindsOf({ ...wish, served: new Set() })).toContain('Ingress');
  expect(kindsOf(wish)).not.toContain('Ingress');
});
