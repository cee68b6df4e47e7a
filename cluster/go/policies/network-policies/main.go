// Judges the traffic of pods by NetworkPolicies: the packets that the node's firewall queues (../../../src/network-policies.ts
// has the rules) are accepted or dropped by sigs.k8s.io/kube-network-policies, here with a kubeconfig instead of a
// ServiceAccount.
package main

import (
	"context"
	"flag"
	"os/signal"

	"golang.org/x/sys/unix"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "file with the address of the apiserver and a client certificate")
	node := flag.String("node", "", "name of this node")
	queue := flag.Int("queue", 100, "number of the netfilter queue that the firewall rules name")
	klog.InitFlags(nil)
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer cancel()
	if err := run(ctx, *kubeconfig, networkpolicy.Config{NodeName: *node, QueueID: *queue}); err != nil && ctx.Err() == nil {
		klog.Fatal(err)
	}
}

func run(ctx context.Context, kubeconfig string, config networkpolicy.Config) error {
	access, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	core := factory.Core().V1()
	policies := factory.Networking().V1().NetworkPolicies()
	// The nils belong to AdminNetworkPolicies, which this cluster has not.
	controller, err := networkpolicy.NewController(client, policies, core.Namespaces(), core.Pods(), nil, nil, nil, nil, config)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	return controller.Run(ctx)
}
